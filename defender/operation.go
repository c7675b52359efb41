package defender

import "github.com/gatehouse-sec/gatehouse"

// read describes a GET with the rate limit that nearly every route has: 100 a
// minute and 1,500 an hour.
func read(path, page string, permissions ...string) Operation {
	return Operation{
		API: gatehouse.APIMDE, Method: "GET", Path: path, PerMinute: 100, PerHour: 1500,
		Permissions: permissions, Replay: true, Docs: docs + page,
	}
}

// docs is where Microsoft's pages of this API are.
const docs = "https://learn.microsoft.com/defender-endpoint/api/"

// write describes a call that changes something, with the same rate limit. It
// may be sent again only where it says so.
func write(method, path, page string, permissions ...string) Operation {
	o := read(path, page, permissions...)
	o.Method, o.Replay = method, false
	return o
}

// limited returns the operation with other rate limits; zero means none stated.
func limited(o Operation, perMinute, perHour int) Operation {
	o.PerMinute, o.PerHour = perMinute, perHour
	return o
}
