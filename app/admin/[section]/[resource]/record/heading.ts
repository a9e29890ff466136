/**
 * What heads a record's page: its title, and beneath it which record that is. Said once where the title says it already,
 * or is nothing but the key: 'Order 11077', 'Order detail 11077, 77'.
 */
export function recordHeading(singular: string, title: string, id = ''): { title: string; description?: string } {
  const name = `${singular} ${id}`
  if (title === name) return { title }
  if (title.replaceAll(', ', ',') === id) return { title: `${singular} ${title}` }
  return { title, description: name }
}
