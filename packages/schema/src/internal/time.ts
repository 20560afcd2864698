/** What a time on the wire has to be. */
import { isInRange, isTimeText, lastMillis, type WireTime } from "../WireTime.ts"
import { either, numberWhere, type Shape, textWhere } from "./shape.ts"

export const time: Shape<WireTime> = either(
  numberWhere(isInRange, `a value between ${-lastMillis} and ${lastMillis}`),
  textWhere(isTimeText, "a time written as a number")
)
