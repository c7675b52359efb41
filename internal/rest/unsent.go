package rest

import (
	"errors"
	"net"
)

// NotSent reports whether an error says that nothing has left: bad input, no
// access token, a host that no token may go to, a budget that is spent, or no
// connection. Of any other failure without an answer it is not known whether the
// request arrived.
func NotSent(err error) bool {
	var (
		token *tokenError
		guard *guardError
		call  *Error
		dial  *net.OpError
	)
	switch {
	case errors.Is(err, ErrInput), errors.As(err, &token), errors.As(err, &guard):
		return true
	case errors.As(err, &call) && call.Code == codeBudget:
		return true
	}
	return errors.As(err, &dial) && dial.Op == "dial"
}
