// Package rest is what the SDKs of Microsoft Defender and of Microsoft Graph
// share: one HTTP pipeline, budgets, retries, paging, downloads and errors. It
// knows no API; each API is a list of [Operation] values in the package that
// speaks it.
//
// A call goes through these policies, in this order:
//
//	retry    429, 5xx, broken connections; one fresh token after a 401
//	  budget   two sliding windows per route, spent before the request leaves
//	    token    attached only when the host guard allows the URL
//	      log      azcore's own, headers and query values redacted
//	        wire     redirects are handed back, never followed
//
// What can fail while a list is read, and what is done about it:
//
//   - a page breaks off in its middle: it is asked for again, the rows that were
//     handed out are recognised by count and content and skipped, and reading
//     goes on behind them; when they are no longer the same, [ErrChanged];
//   - a next link points to another host, repeats, is not https or has lost our
//     query: rebuilt where that is safe, a [*LinkError] where it is not;
//   - an item does not decode: it is handed out with its raw JSON and a
//     [*DecodeError], and the list goes on;
//   - a row of an export file is no JSON: it is handed out as a JSON text, which
//     decodes as no item, and the list goes on; what may have been cut fails;
//   - an export file is empty, broken or its link has expired: fresh links of
//     the same snapshot are asked for, a bounded number of times.
//
// A list never ends early in silence: the loop over it sees either every row or
// an error that says why not.
package rest
