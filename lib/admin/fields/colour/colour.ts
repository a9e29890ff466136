const COLOUR = /^#([\da-f]{3}|[\da-f]{4}|[\da-f]{6}|[\da-f]{8})$/i

/** Whether a text is a colour as this kind keeps it, and so safe to stand in a style. */
export const isColour = (text: string) => COLOUR.test(text)
