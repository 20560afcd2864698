/**
 * Everything a backend serves, in memory: the committed changes, applied.
 */
import { type AddressId, type GroupId, SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Address, Change, Group, Message, Profile, Project, Subscriber } from "../Records.ts"
import * as Claims from "./claims.ts"
import type { Secrets } from "./secrets.ts"
import { Timeline } from "./timeline.ts"
import { TokenStore } from "./tokenStore.ts"

/** A conversation with its members and messages. */
export interface Conversation {
  readonly group: Group
  readonly members: Set<SubscriberId>
  readonly timeline: Timeline
}

export class State {
  identity: Project | undefined
  /** Number of the message stored last. */
  seq = 0
  readonly subscribers = new Map<SubscriberId, Subscriber>()
  readonly addresses = new Map<AddressId, Address>()
  /** The address that a subscriber sends from. */
  readonly ownAddresses = new Map<SubscriberId, Address>()
  readonly tokens = new TokenStore()
  /** Those without an address, the oldest first. */
  readonly guests = new Set<SubscriberId>()
  readonly conversations = new Map<GroupId, Conversation>()
  readonly memberships = new Map<SubscriberId, Set<Conversation>>()
  readonly #profiles = new Map<SubscriberId, Profile>()
  readonly #inboxes = new Map<SubscriberId, Timeline>()
  readonly #secrets: Secrets

  constructor(secrets: Secrets) {
    this.#secrets = secrets
  }

  apply(change: Change): void {
    switch (change._tag) {
      case "ProjectCreated":
        this.identity = change.identity
        return
      case "SubscriberAdded":
        this.subscribers.set(change.subscriber.id, change.subscriber)
        // until an address is added for it
        this.guests.add(change.subscriber.id)
        return
      case "AddressAdded":
        return this.#addAddress(change.address)
      case "TokenMinted":
        this.tokens.set(change.token)
        this.#secrets.add(change.token.token)
        return this.#describe(change.token.subscriberId, Claims.read(change.token.token).profile)
      case "TokenExpired": {
        const token = this.tokens.get(change.token)
        if (token !== undefined) this.tokens.set({ ...token, expiresAt: change.expiresAt })
        return
      }
      case "TokenRemoved":
        this.tokens.delete(change.token)
        return this.#secrets.delete(change.token)
      case "SubscriberDescribed":
        return this.#describe(change.subscriberId, change.profile)
      case "GuestRemoved":
        this.subscribers.delete(change.subscriberId)
        this.guests.delete(change.subscriberId)
        return
      case "GroupAdded":
        this.conversations.set(change.group.id, {
          group: change.group,
          members: new Set(),
          timeline: new Timeline()
        })
        return
      case "MemberJoined":
        return this.#join(change.member.groupId, change.member.subscriberId)
      case "MessageStored":
        return this.#store(change.message)
    }
  }

  /** Every message a subscriber may see. */
  inbox(subscriberId: SubscriberId): Timeline {
    const joined = this.memberships.get(subscriberId)
    // guests, who come and go, have none
    if (joined === undefined) return new Timeline()
    let inbox = this.#inboxes.get(subscriberId)
    if (inbox === undefined) {
      inbox = new Timeline()
      const messages = [...joined].flatMap(({ timeline }) => timeline.messages)
      // sorted first, each one is added at the end
      for (const message of messages.toSorted((a, b) => a.micros - b.micros)) inbox.add(message)
      this.#inboxes.set(subscriberId, inbox)
    }
    return inbox
  }

  /** What the tokens of a subscriber said about it, the newest last. */
  profileOf(subscriberId: SubscriberId): Profile {
    return this.#profiles.get(subscriberId) ?? {}
  }

  #describe(subscriberId: SubscriberId, profile: Profile | undefined): void {
    if (profile === undefined) return
    this.#profiles.set(subscriberId, { ...this.profileOf(subscriberId), ...profile })
    const subscriber = this.subscribers.get(subscriberId)
    const address = this.ownAddresses.get(subscriberId)
    const displayName = profile.display_name
    if (displayName === undefined) return
    if (subscriber !== undefined) this.subscribers.set(subscriberId, { ...subscriber, displayName })
    if (address !== undefined) this.#addAddress({ ...address, displayName })
  }

  #addAddress(address: Address): void {
    this.addresses.set(address.id, address)
    if (address.type !== "subscriber") return
    const owner = SubscriberId.make(address.resourceId)
    this.ownAddresses.set(owner, address)
    this.guests.delete(owner)
  }

  #join(groupId: GroupId, subscriberId: SubscriberId): void {
    const conversation = this.conversations.get(groupId)
    if (conversation === undefined) return
    conversation.members.add(subscriberId)
    const known = this.memberships.get(subscriberId)
    if (known === undefined) this.memberships.set(subscriberId, new Set([conversation]))
    else known.add(conversation)
    // what was said before now belongs to it too
    this.#inboxes.delete(subscriberId)
  }

  #store(message: Message): void {
    const conversation = this.conversations.get(message.groupId)
    if (conversation === undefined) return
    this.seq = Math.max(this.seq, message.seq)
    conversation.timeline.add(message)
    for (const member of conversation.members) this.#inboxes.get(member)?.add(message)
  }
}
