// Package graph is the SDK of the part of Microsoft Graph security that
// Gatehouse uses: alerts_v2, incidents, secure scores and advanced hunting. It is
// the door that stays open when the Defender for Endpoint API retires.
//
//	client, err := graph.New(cred, nil)
//	for alert, err := range client.Alerts.List(ctx, nil) {
//		...
//	}
//
// Lists, errors, limits, tokens and next links work as in package defender. Every
// call asks for the members of enumerations that are newer than the first version
// of the API, so that they do not come as "unknownFutureValue"; unknown values are
// kept as they come.
package graph
