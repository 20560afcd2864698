/**
 * The state of a backend in memory: the result of applying all committed changes, in order.
 */
import { type AddressId, type GroupId, SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Address, Change, Group, Message, Profile, Project, Subscriber } from "../Records.ts"
import type { Secrets } from "./secrets.ts"
import { Timeline } from "./timeline.ts"
import * as TokenClaims from "./tokenClaims.ts"
import { TokenStore } from "./tokenStore.ts"

/** A conversation with its members and messages. */
export interface Conversation {
  readonly group: Group
  readonly members: Set<SubscriberId>
  readonly timeline: Timeline
}

export class State {
  identity: Project | undefined
  /** The `seq` of the message that was stored last. */
  seq = 0
  readonly subscribers = new Map<SubscriberId, Subscriber>()
  readonly addresses = new Map<AddressId, Address>()
  /** The addresses that subscribers send from. */
  readonly ownAddresses = new Map<SubscriberId, Address>()
  readonly tokens = new TokenStore()
  /** The subscribers without an address, the oldest first. */
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
        // a guest until an address is added
        this.guests.add(change.subscriber.id)
        return
      case "AddressAdded":
        return this.#addAddress(change.address)
      case "TokenMinted":
        this.tokens.set(change.token)
        this.#secrets.add(change.token.token)
        return this.#setProfile(change.token.subscriberId, TokenClaims.decode(change.token.token).profile)
      case "TokenExpired": {
        const token = this.tokens.get(change.token)
        if (token !== undefined) this.tokens.set({ ...token, expiresAt: change.expiresAt })
        return
      }
      case "TokenRemoved":
        this.tokens.delete(change.token)
        return this.#secrets.delete(change.token)
      case "ProfileUpdated":
        return this.#setProfile(change.subscriberId, change.profile)
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

  /** Returns the messages of all conversations of a subscriber. */
  inbox(subscriberId: SubscriberId): Timeline {
    const joined = this.memberships.get(subscriberId)
    // not cached for guests, which are not members of anything
    if (joined === undefined) return new Timeline()
    let inbox = this.#inboxes.get(subscriberId)
    if (inbox === undefined) {
      inbox = new Timeline()
      const messages = [...joined].flatMap(({ timeline }) => timeline.messages)
      // sorted first, because adding to the end is cheap
      for (const message of messages.toSorted((a, b) => a.micros - b.micros)) inbox.add(message)
      this.#inboxes.set(subscriberId, inbox)
    }
    return inbox
  }

  /** Returns the profile of a subscriber; later tokens override earlier ones. */
  profileOf(subscriberId: SubscriberId): Profile {
    return this.#profiles.get(subscriberId) ?? {}
  }

  #setProfile(subscriberId: SubscriberId, profile: Profile | undefined): void {
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
    // the earlier messages of the conversation are now visible too
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
