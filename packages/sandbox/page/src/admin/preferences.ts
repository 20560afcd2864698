/** Preferences that are kept when the page is reloaded. `sessionStorage` throws if the browser denies access to it. */

const logOff = "log off"

/** Whether the wire log was turned off. */
export const isLogOff = (): boolean => {
  try {
    return sessionStorage.getItem(logOff) !== null
  } catch {
    return false
  }
}

/** Stores whether the wire log was turned off. */
export const setLogOff = (isOff: boolean): void => {
  try {
    if (isOff) sessionStorage.setItem(logOff, "")
    else sessionStorage.removeItem(logOff)
  } catch {
    // not stored: the log is on again after a reload
  }
}
