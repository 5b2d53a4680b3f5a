package command

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/registry"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/journal"
)

// connection is the client of all registries, with the journal and the log of requests.
type connection struct {
	client   *registry.Client
	seen     *journalSession
	notes    *notes
	closeLog func()
}

// notes has the last warning of the client, for screens.
type notes struct {
	mu    sync.Mutex
	count int
	last  string
}

// add adds a warning, unless it is empty.
func (n *notes) add(s string) {
	if s == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count, n.last = n.count+1, s
}

// latest returns how many warnings there were, and the last one.
func (n *notes) latest() (count int, last string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.count, n.last
}

// connect checks the flags and makes a connection. It sends no request.
func (f *flags) connect(guide *ui.Guide) (connection, error) {
	if f.parallel < 1 || f.parallel > 512 {
		return connection{}, fmt.Errorf("--parallel %d must be from 1 to 512", f.parallel)
	}
	if f.timeout < shortestTimeout {
		return connection{}, fmt.Errorf("--timeout %s must be at least %s", f.timeout, shortestTimeout)
	}
	if f.timeout > longestTimeout {
		return connection{}, fmt.Errorf("--timeout %s must be at most %gh", f.timeout, longestTimeout.Hours())
	}
	log, closeLog, err := f.log()
	if err != nil {
		return connection{}, err
	}
	if log != nil {
		slog.SetDefault(log)
	}
	seen, notes := f.openJournal(guide), &notes{}
	warn := func(s string) { notes.add(s); seen.warn(s) }
	client := registry.New(registry.Options{
		PlainHTTP: f.plainHTTP, Log: log, Probe: f.probe, Concurrency: f.parallel, Timeout: f.timeout,
		Endpoints: files.Join(files.CacheFolder(), "endpoints.json"),
		Documents: f.documents(guide), Warn: warn, Known: seen.Known,
	})
	return connection{client, seen, notes, closeLog}, nil
}

// source returns the client, wrapped so that the journal records every tag that is read.
func (c connection) source() journal.Registry {
	return journal.Registry{Source: c.client, Journal: c.seen.Journal}
}

// close closes the connection and prints the journal's pending warnings to w.
func (c connection) close(w io.Writer) {
	c.client.Close()
	c.seen.close(w)
	c.closeLog()
}

// documents returns the folder of the document cache, "" for none. The demo has none:
// its registry ends with the program.
func (f *flags) documents(guide *ui.Guide) string {
	if f.noCache || guide != nil {
		return ""
	}
	return files.Join(files.CacheFolder(), "documents")
}

func (f *flags) log() (*slog.Logger, func(), error) {
	if f.logFile == "" {
		return nil, func() {}, nil
	}
	// O_NONBLOCK: opening a pipe without a reader fails instead of blocking.
	file, err := os.OpenFile(f.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open the log file %s: %w; create its folder, or choose another file", f.logFile, errors.Unwrap(err))
	}
	return slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: inUTC})), func() { file.Close() }, nil
}

// inUTC makes the times of the log those of the screens.
func inUTC(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}
