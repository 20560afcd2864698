/**
 * Addresses in group ids. A group is named `sw_<address>` if it is a room's, and `sw_<address>_<address>` if two addresses
 * share it; which of the two is the other side depends on the subscriber's own addresses.
 */
import * as Branded from "@effect-signalwire/schema/Branded"
import type { AddressId, GroupId } from "@effect-signalwire/schema/Ids"

const prefix = "sw_"

/** The address on the other side of a group; `null` if its id does not show it. */
export const parseAddress = (groupId: GroupId, ownAddresses: ReadonlyArray<AddressId>): AddressId | null => {
  if (!groupId.startsWith(prefix)) return null
  const rest = groupId.slice(prefix.length)
  if (rest === "") return null
  if (!rest.includes("_")) return Branded.addressId(rest)
  for (const id of ownAddresses) {
    if (rest.startsWith(`${id}_`)) return Branded.addressId(rest.slice(id.length + 1))
    if (rest.endsWith(`_${id}`)) return Branded.addressId(rest.slice(0, -id.length - 1))
  }
  return null
}

/** The group id of an item without `address_id` that only the subscriber's own addresses can resolve. */
export const ambiguousGroupId = (item: unknown): GroupId | undefined =>
  typeof item === "object" && item !== null && "group_id" in item && typeof item.group_id === "string" &&
    !("address_id" in item && typeof item.address_id === "string") && item.group_id.slice(prefix.length).includes("_")
    ? Branded.groupId(item.group_id)
    : undefined
