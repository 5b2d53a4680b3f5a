package credentials

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/inflight"
)

const (
	helperPrefix     = "docker-credential-"
	helperCacheTime  = 15 * time.Minute // the shortest-lived passwords last an hour
	refreshTokenUser = "<token>"        // the user name that marks a refresh token
)

// Limits of a credential helper.
const (
	HelperTimeout   = 30 * time.Second // some ask a cloud service or prompt the person
	MaxHelperOutput = 1 << 20          // bytes; a login has some hundred, with a long token some thousand
)

// helpers runs credential helpers and caches their logins for a while. Concurrent
// callers share one process.
type helpers struct {
	running inflight.Group[Login]
	mu      sync.Mutex
	cache   map[helperCall]cachedLogin
}

// helperCall is a program and the server that it is asked for.
type helperCall struct{ prog, server string }

// cachedLogin is what a helper has returned; zero if it has no login.
type cachedLogin struct {
	Login
	until time.Time
}

// get runs prog for the login of a server. The zero login means that it has none.
func (h *helpers) get(ctx context.Context, prog, server string) (Login, error) {
	call := helperCall{prog, server}
	h.mu.Lock()
	cached, ok := h.cache[call]
	h.mu.Unlock()
	if ok && time.Now().Before(cached.until) {
		return cached.Login, nil
	}
	return h.running.Do(ctx, prog+" "+server, func(ctx context.Context) (Login, error) {
		l, err := runHelper(ctx, prog, server)
		if err == nil {
			h.store(call, l)
		}
		return l, err
	})
}

func (h *helpers) store(call helperCall, l Login) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cache == nil {
		h.cache = map[helperCall]cachedLogin{}
	}
	// Round removes the monotonic clock, which stands still while a laptop sleeps.
	h.cache[call] = cachedLogin{l, time.Now().Round(0).Add(helperCacheTime)}
}

// forget drops what helpers said about a registry.
func (h *helpers) forget(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.cache, func(call helperCall, _ cachedLogin) bool { return hostOfKey(call.server) == host })
}

// limitedBuffer holds up to MaxHelperOutput bytes and refuses more.
type limitedBuffer struct {
	text     bytes.Buffer // not embedded: its ReadFrom has no limit
	tooLarge func()
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > MaxHelperOutput {
		b.tooLarge()
		return 0, files.ErrTooLarge
	}
	return b.text.Write(p)
}

// lastBytes holds the last bytes that are written to it, and drops the others.
type lastBytes struct {
	text []byte
	cut  bool // text begins in the middle
}

func (b *lastBytes) Write(p []byte) (int, error) {
	b.text = append(b.text, p...)
	if n := len(b.text) - maxProblem; n > 0 {
		b.text, b.cut = append(b.text[:0], b.text[n:]...), true
	}
	return len(p), nil
}

// maxProblem is how much of the standard error of a helper is kept, in bytes.
const maxProblem = 4 << 10

// reason matches the lines of a program that say why it failed.
var reason = regexp.MustCompile(`(?i)error|exception|fatal|fail|denied|expired`)

// lastReason is the last line that says why a helper failed, else the last line that is
// not blank. Warnings come before it, and advice in several lines after it.
func (b *lastBytes) lastReason() string {
	lines := strings.Split(string(b.text), "\n")
	if b.cut && len(lines) > 1 {
		lines = lines[1:]
	}
	last := ""
	for _, line := range slices.Backward(lines) {
		if last = cmp.Or(last, strings.TrimSpace(line)); reason.MatchString(line) {
			return oneLine(line)
		}
	}
	return oneLine(last)
}

// firstLine is the first line of a text that is not blank.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return oneLine(line)
}

// oneLine is a line of a helper, clipped and without what is probably a secret.
func oneLine(line string) string { return safe.Clip(safe.Gate{}.Mask(strings.TrimSpace(line))) }

// runHelper speaks the protocol of docker-credential-helpers: the server on
// standard input, JSON or a message on standard output. When ctx ends, the helper and
// the processes that it started are killed.
func runHelper(ctx context.Context, prog, server string) (Login, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, HelperTimeout, fmt.Errorf("no answer in %d s", int(HelperTimeout.Seconds())))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &limitedBuffer{tooLarge: func() { stop(fmt.Errorf("it wrote more than %d bytes", MaxHelperOutput)) }}
	problem := &lastBytes{}
	cmd := exec.CommandContext(ctx, prog, "get")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(server), out, problem
	cmd.WaitDelay = time.Second // a child process that survives may keep the pipe open
	isolate(cmd)
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) { // an agent that the helper started may keep running
		message := cmp.Or(firstLine(out.text.String()), problem.lastReason())
		switch cause := context.Cause(ctx); {
		case errors.Is(cause, context.Canceled):
			return Login{}, cause
		case cause != nil:
			message = cause.Error()
		case strings.Contains(out.text.String(), "credentials not found"):
			return Login{}, nil
		case model.LooksLikeJSON(out.text.Bytes()), cmd.ProcessState == nil:
			message = "" // the output may contain a login, or there is none
		}
		return Login{}, helperError(prog, server, message, err)
	}
	l, err := parseHelperOutput(prog, out.text.Bytes())
	switch {
	case len(bytes.TrimSpace(out.text.Bytes())) == 0:
		return Login{}, helperError(prog, server, "it printed nothing", err)
	case err != nil:
		return Login{}, helperError(prog, server, "its output is not a login in JSON", err)
	}
	return l, nil
}

// parseHelperOutput parses the output of a helper that has a login.
func parseHelperOutput(prog string, out []byte) (Login, error) {
	var w struct{ Username, Secret string }
	if err := json.Unmarshal(out, &w); err != nil {
		return Login{}, err
	}
	if w.Username == refreshTokenUser {
		return Login{RefreshToken: w.Secret, Helper: prog}, nil
	}
	return Login{Username: w.Username, Password: w.Secret, Helper: prog}, nil
}

// NoLoginError is the error of a credential helper that has no login for a registry.
type NoLoginError struct{ Helper string }

func (e *NoLoginError) Error() string {
	return fmt.Sprintf("the credential helper %s has no login for it", safe.Clip(e.Helper))
}

// helperError words the failure of a helper. An empty message means the text of err.
func helperError(prog, server, message string, err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		message = "it cannot be started: " + pathErr.Err.Error()
	}
	if message == "" {
		message = safe.Clip(err.Error())
	}
	return &model.ReadError{
		Message: fmt.Sprintf("the credential helper %s failed: %s", safe.Clip(prog), strings.TrimRight(message, ".;:, ")),
		Next:    fmt.Sprintf("try it: echo %s | %s get", safe.Clip(server), safe.Clip(prog)), Err: err,
	}
}
