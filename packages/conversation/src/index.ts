export * as ConversationError from "./ConversationError.ts"
export * as Conversations from "./Conversations.ts"
export * as Cursor from "./Cursor.ts"
export * as TimelineEvent from "./TimelineEvent.ts"
