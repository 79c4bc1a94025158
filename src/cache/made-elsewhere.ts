/** What is to be said of a folder in which other programs' files stand in for entries. */
export function madeElsewhereNotice(folder: string, count: number, all: number): string {
  return `${count} of the ${all} entries in ${folder} were made elsewhere: each is inflated whole to read a part of it, and what preprocessing made it is not known. Convert them once with bgb convert-cache.`;
}
