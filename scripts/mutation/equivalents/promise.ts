import type { Equivalent } from "../Equivalent.ts"

const nameIsReplaced = "each public method replaces the name of the method in the errors that leave it"

export const equivalents: ReadonlyArray<Equivalent> = [
  { file: "internal/addressApi.ts", source: "\"address\"", replacement: "\"\"", reason: nameIsReplaced },
  {
    file: "internal/chatApi.ts",
    line: "const toError = (reason: Malformed) => new ConversationError({ method: \"chat.getMessages\", reason })",
    source: "\"chat.getMessages\"",
    replacement: "\"\"",
    reason: nameIsReplaced
  },
  {
    file: "internal/conversationApi.ts",
    source: "\"sendMessage\"",
    replacement: "\"\"",
    reason: nameIsReplaced
  },
  {
    file: "internal/options.ts",
    line: "new ConversationError({ method: \"options\", reason: invalidParameter(attribute, message) })",
    source: "\"options\"",
    replacement: "\"\"",
    reason: nameIsReplaced
  },
  { file: "internal/runner.ts", source: "\"run\"", replacement: "\"\"", reason: nameIsReplaced },
  { file: "internal/subscribe.ts", source: "\"subscribe\"", replacement: "\"\"", reason: nameIsReplaced },
  { file: "internal/token.ts", source: "\"options\"", replacement: "\"\"", reason: nameIsReplaced },
  { file: "internal/validateOptions.ts", source: "\"options\"", replacement: "\"\"", reason: nameIsReplaced }
]
