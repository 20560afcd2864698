/**
 * Ids of texts that are known to be some: what `make` of the schemas in `Ids` does, without loading schemas.
 *
 * @since 0.1.0
 */
import * as Brand from "effect/Brand"
import type { AddressId, ClientId, ConversationId, GroupId } from "./Ids.ts"

/** The text as the id of an address. */
export const addressId = Brand.nominal<AddressId>()

/** The text as the id of a conversation. */
export const conversationId = Brand.nominal<ConversationId>()

/** The text as the id of a group. */
export const groupId = Brand.nominal<GroupId>()

/** The text as a client's own id of a message. */
export const clientId = Brand.nominal<ClientId>()
