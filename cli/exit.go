package cli

// The exit statuses. They are part of the interface: scripts rely on them.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitFindings    = 3
	exitSignIn      = 4
	exitPermission  = 5
	exitThrottled   = 6
	exitNotFound    = 7
	exitFailed      = 8
	exitRefused     = 9
	exitInterrupted = 130
)

// exit is one row of the documented table.
type exit struct {
	status  int
	meaning string
}

// exits is the table of exit statuses, as the help prints it.
func exits() []exit {
	return []exit{
		{exitOK, "done"},
		{exitFailure, "failed: the network, Microsoft's service, or this machine"},
		{exitUsage, "bad input: nothing was changed, and the message says how to mend it"},
		{exitFindings, "somebody has to look: an error by check, a stream that fails, a broken schema"},
		{exitSignIn, "sign-in refused: wrong tenant, client id, secret or certificate"},
		{exitPermission, "a permission or a licence is missing, or a scope of the API key"},
		{exitThrottled, "throttled: Microsoft asks to wait longer than is sensible here"},
		{exitNotFound, "no such alert, device, CVE, record or action"},
		{exitFailed, "a response action has failed on a target, was cancelled or has expired"},
		{exitRefused, "a response action was refused: nobody carries it out"},
		{exitInterrupted, "interrupted (Ctrl-C): only whole lines were written"},
	}
}
