// Package client is the Go client of Gatehouse's REST API.
//
//	c, err := client.New("https://gatehouse.example.com", client.Options{Key: gatehouse.NewSecret(key)})
//	for device, err := range c.Devices.List(ctx, client.Query{Filter: []string{"risk[eq]High"}}) {
//		…
//	}
//
// Lists are read page by page as the caller goes on. What the server refuses is
// an *[api.Problem] with a stable code and what to do about it. What can be
// repeated safely is repeated when the server is busy or the connection breaks:
// questions, and requests with an idempotency key, of which every submission of an
// action has one.
//
// The key goes to the server that was named and nowhere else: redirects are not
// followed, and plain HTTP is only for the machine itself.
package client
