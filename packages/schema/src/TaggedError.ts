/**
 * The base of this SDK's error classes.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * Makes a base class like `Data.TaggedError`, for classes whose `message` is a getter: every error gets the getter's
 * value as a property of its own, since `structuredClone` and `postMessage` copy the message of an error only from
 * there.
 *
 * `tag` is the class's `_tag` and name. The getter is read before the fields that the class itself initialises are set.
 *
 * @category constructors
 */
export const TaggedError = <Tag extends string>(tag: Tag): ReturnType<typeof Data.TaggedError<Tag>> =>
  new Proxy(Data.TaggedError(tag), {
    construct: (target, fields, newTarget) => {
      const error: unknown = Reflect.construct(target, fields, newTarget)
      // which `Reflect.construct` can't promise
      if (!(error instanceof Error)) throw new TypeError(`${tag} is no error`)
      return Object.defineProperty(error, "message", { value: error.message, configurable: true, writable: true })
    }
  })
