// Package check proves that an integration with Microsoft Defender is wired
// right, and names what is missing.
//
// [Run] walks the way that every later call takes, in the same order, and
// stops asking where an answer can no longer mean anything:
//
//	base URL ─► names and TLS ─► tenant ─► token per resource ─► claims
//	         ─► permissions by capability ─► one real call per capability
//	         ─► what stops on the retirement date, and when the credential ends
//
// Each [Finding] has a stable code from the catalogue ([Codes]), says what was
// found, why it matters and how to mend it in one sentence with the exact
// permission or command. One mistake gives one finding: what only follows from
// it is not reported again.
//
// Nothing is changed upstream. The two update capabilities are proved by
// updating an alert and a device that do not exist: Defender looks at the
// permission first and answers 404 when it is held.
package check
