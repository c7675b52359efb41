package cli

import (
	"io"
	"log/slog"
	"strings"
)

// newLogger writes text lines to standard error from the given level up.
func newLogger(to io.Writer, level string) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: logLevel(level), ReplaceAttr: hideAttribute}))
}

func logLevel(name string) slog.Level {
	switch name {
	case "debug":
		return slog.LevelDebug
	case "info":
		return slog.LevelInfo
	case "error":
		return slog.LevelError
	default:
		return slog.LevelWarn
	}
}

// hideAttribute blanks attributes whose name says that they hold a secret.
func hideAttribute(_ []string, a slog.Attr) slog.Attr {
	name := strings.ToLower(a.Key)
	for _, word := range []string{"secret", "password", "token", "authorization", "assertion", "private"} {
		if strings.Contains(name, word) {
			return slog.String(a.Key, redacted)
		}
	}
	return a
}
