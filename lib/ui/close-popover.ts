/** Closes the menu that lies over the page around a link that was pressed: it has done its work. */
export function closePopover(link: Element): void {
  const popover = link.closest('[popover]')
  if (popover instanceof HTMLElement && popover.matches(':popover-open')) popover.hidePopover()
}
