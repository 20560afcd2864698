/** The shape of times in wire formats. */
import { isInRange, isTimeString, maxEpochMillis, type WireTime } from "../WireTime.ts"
import { checkedNumber, checkedString, type Shape, union } from "./shape.ts"

/** A number within the range of `Date`, or such a number as a string. */
export const time: Shape<WireTime> = union(
  checkedNumber(isInRange, `a value between ${-maxEpochMillis} and ${maxEpochMillis}`),
  checkedString(isTimeString, "a time written as a number")
)
