package engine

import "errors"

// ErrBusy says that another process works on the integration just now.
var ErrBusy = errors.New("another process works on the integration")
