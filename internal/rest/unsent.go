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
		call  *Error
	)
	return errors.Is(err, ErrInput) || errors.As(err, &token) || errors.As(err, &call) && call.Code == codeBudget || unconnected(err)
}

// unconnected reports whether an error says that there was no connection.
func unconnected(err error) bool {
	dial, ok := errors.AsType[*net.OpError](err)
	return ok && dial.Op == "dial"
}
