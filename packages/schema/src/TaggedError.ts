/**
 * The base of all error classes in this SDK.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * Makes a base class like `Data.TaggedError`, for classes whose `message` is a getter. Every error gets the getter's
 * value as an own property, because `structuredClone` and `postMessage` copy only an own `message`.
 *
 * `tag` is the `_tag` and the `name` of the class. The getter runs before the fields that the class itself initialises
 * are set, so it must use only those that the constructor receives.
 *
 * @category constructors
 */
export const TaggedError = <Tag extends string>(tag: Tag): ReturnType<typeof Data.TaggedError<Tag>> =>
  new Proxy(Data.TaggedError(tag), {
    construct: (target, fields, newTarget) => {
      const error: unknown = Reflect.construct(target, fields, newTarget)
      // `Reflect.construct` returns `any`
      if (!(error instanceof Error)) throw new TypeError(`${tag} is not an Error`)
      return Object.defineProperty(error, "message", { value: error.message, configurable: true, writable: true })
    }
  })
