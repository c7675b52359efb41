package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"
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
