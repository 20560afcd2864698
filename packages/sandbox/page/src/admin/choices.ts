/** Choices that a page keeps when it is reloaded. A browser that stores nothing for the page throws. */

const logOff = "log off"

/** Whether the wire log was turned off. */
export const isLogOff = (): boolean => {
  try {
    return sessionStorage.getItem(logOff) !== null
  } catch {
    return false
  }
}

/** Notes whether the wire log was turned off. */
export const keepLogOff = (isOff: boolean): void => {
  try {
    if (isOff) sessionStorage.setItem(logOff, "")
    else sessionStorage.removeItem(logOff)
  } catch {
    // it is on again after a reload
  }
}
