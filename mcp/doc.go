// Package mcp lets agents work with Gatehouse, over the Model Context Protocol.
// Every tool calls the REST API through package client, with the key of whoever
// asks: agents get the same operations, scopes, integrations, limits and audit as
// every other client, and nothing else.
//
// # Two ways in
//
// [Server.Run] speaks over standard input and output, with one key for as long as
// it runs. [Handler] is the streamable HTTP transport: each request carries its
// own key, as Authorization: Bearer gh_…, and without one it is refused. Nothing is
// kept between two requests, so that any of several processes may answer the next.
//
// # Who sees which tool
//
// The tools are those of the scopes of the key. A key with the scope read has no
// tool that changes anything: it is neither listed nor can it be called by name.
// With respond there are hunts, and one tool for each response action of the
// catalogue.
//
// # Text from outside
//
// What Defender holds was written by many, attackers among them: titles of alerts,
// names of devices, command lines. It is only ever in results, as JSON, under a
// note that says so; letters that cannot be seen are made visible. Descriptions of
// tools are made from Gatehouse's own catalogue alone.
//
// # Repeats
//
// A model that has lost an answer asks again. So an action that comes without an
// idempotency key gets one that follows from the caller, the action, the targets,
// the parameters, the comment and the hour: the same call within that hour, or at
// the turn of the next, is the same action, and the answer says so. Who means a
// second one says another comment or gives a key.
package mcp
