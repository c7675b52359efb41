// Package action is the catalogue of response actions: what can be done to a
// device, an alert or an incident, one file and one value each. An [Action] says
// how risky it is, what it wants to know and which permissions open it; its doors
// carry it out over an API of Microsoft's, follow it to its end, and find again a
// submission whose answer was lost.
//
// The package keeps nothing and decides nothing: who may do what, whether to ask
// a second person, and when to try again is up to its caller.
package action
