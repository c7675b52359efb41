package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// canAsk reports whether there is a person at a terminal to answer a question.
func (p *program) canAsk() bool {
	return terminalOf(p.stdin.from, p.env, false).tty && terminalOf(p.stderr.to, p.env, false).tty
}

// ask puts a question and reports whether the answer is yes. No answer is no.
func (p *program) ask(ctx context.Context, question string) (bool, error) {
	from, err := p.stdin.open("the answer to a question")
	if err != nil {
		return false, err
	}
	fmt.Fprint(p.stderr, question)
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(from).ReadString('\n') // the end of the input is an answer as well
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case answer := <-answers:
		return answer == "y" || answer == "yes", nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// typed asks a person for a secret, and reads one line that the terminal does not
// show.
func (p *program) typed(use, _ string) ([]byte, error) {
	if _, err := p.stdin.open("--" + use); err != nil {
		return nil, err
	}
	keyboard := int(p.stdin.from.(*os.File).Fd()) //nolint:forcetypeassert // it is a terminal
	before, err := term.GetState(keyboard)
	if err != nil {
		return nil, usagef("--%s from the terminal: %w", use, err)
	}
	type answer struct {
		text []byte
		err  error
	}
	answers := make(chan answer, 1)
	fmt.Fprintf(p.stderr, "--%s: ", use)
	defer fmt.Fprintln(p.stderr)
	go func() {
		text, err := term.ReadPassword(keyboard)
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return nil, usagef("--%s from the terminal: %w", use, a.err)
		}
		return a.text, nil
	case <-p.stdin.ended:
		_ = term.Restore(keyboard, before) // the shell wants to show what is typed
		return nil, context.Canceled
	}
}
