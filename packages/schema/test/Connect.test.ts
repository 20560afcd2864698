import * as Connect from "@effect-signalwire/schema/Connect"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import { failureOf, valueOf } from "./support.ts"

const params = {
  "version": { "major": 4, "minor": 0, "revision": 0 },
  "event_acks": true,
  "agent": "my-client/1.0.0",
  "authentication": { "jwt_token": "<SAT>" }
}

const result = {
  "identity": "0f0f0f0f-0000-4000-8000-00000000000f@us-east",
  "protocol": "signalwire_99999999-0000-4000-8000-000000000009_12345678-0000-4000-8000-000000000001_87654321",
  "authorization": {
    "jti": "99999999-0000-4000-8000-000000000009",
    "project_id": "77777777-0000-4000-8000-000000000007",
    "scope": [],
    "fabric_subscriber": {
      "version": 1,
      "expires_at": 1735797845,
      "subscriber_id": "c0ffee00-0000-4000-8000-000000000001",
      "application_id": null,
      "project_id": "77777777-0000-4000-8000-000000000007",
      "space_id": "66666666-0000-4000-8000-000000000006"
    }
  },
  "ice_servers": [{
    "urls": ["turn:turn.example.test:443"],
    "username": "u",
    "credential": "p",
    "credentialType": "password"
  }]
}

it("decodes the parameters of a connect", () => {
  assert.deepStrictEqual(valueOf(Connect.decodeParams(params)), params)
})

it("decodes the parameters of a connect that resumes a session", () => {
  const resuming = { ...params, protocol: "signalwire_a_b_c", authorization_state: "bm9uY2U=:Y2lwaGVydGV4dA==" }
  assert.deepStrictEqual(valueOf(Connect.decodeParams(resuming)), resuming)
})

it("ignores the parameters of other products", () => {
  const { contexts, topics, eventing } = { contexts: [], topics: [], eventing: [] }
  assert.deepStrictEqual(
    valueOf(Connect.decodeParams({ ...params, contexts, topics, eventing, dpop_token: "x" })),
    params
  )
})

it("reports a missing token", () => {
  assert.strictEqual(
    failureOf(Connect.decodeParams({ ...params, authentication: {} })).path,
    "authentication.jwt_token"
  )
})

it("decodes the result of a connect", () => {
  assert.deepStrictEqual<unknown>(valueOf(Connect.decodeResult(result)), result)
})

it("requires only protocol and authorization in the result of a connect", () => {
  assert.deepStrictEqual(valueOf(Connect.decodeResult({ protocol: "p", authorization: {} })), {
    protocol: "p",
    authorization: {}
  })
})

it("reports a missing protocol", () => {
  assert.strictEqual(failureOf(Connect.decodeResult({ authorization: {} })).path, "protocol")
})

it("decodes the parameters of a reauthenticate", () => {
  const change = {
    "authentication": { "project": "77777777-0000-4000-8000-000000000007", "jwt_token": "<new SAT>" }
  }
  assert.deepStrictEqual(valueOf(Connect.decodeReauthenticateParams(change)), change)
})

it.each([{}, { restart: true }, { restart: false }])("decodes the parameters of a disconnect: %j", (params) => {
  assert.deepStrictEqual(valueOf(Connect.decodeDisconnectParams(params)), params)
})

it("announces version 4 of the protocol", () => {
  assert.deepStrictEqual(Connect.version, { major: 4, minor: 0, revision: 0 })
})

it.each([
  ["in seconds", { fabric_subscriber: { expires_at: 1735797845 } }, 1735797845000],
  ["in milliseconds", { fabric_subscriber: { expires_at: 1735797845123 } }, 1735797845123],
  ["as a string", { fabric_subscriber: { expires_at: "1735797845" } }, 1735797845000]
])("has the time at which a token expires %s", (_, authorization, expected) => {
  assert.deepStrictEqual(Connect.expiryOf(authorization), DateTime.makeUnsafe(expected))
})

it.each([
  undefined,
  null,
  {},
  { fabric_subscriber: null },
  { fabric_subscriber: {} },
  { fabric_subscriber: { expires_at: null } }
])("does not know when a token expires if the server does not report it: %j", (authorization) => {
  assert.isUndefined(Connect.expiryOf(authorization))
})
