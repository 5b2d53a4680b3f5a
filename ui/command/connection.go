package command

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"syscall"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/registry"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/journal"
)

// connection is what registries are asked by, and what is remembered of it.
type connection struct {
	client   *registry.Client
	seen     *journalSession
	closeLog func()
}

// connect makes a connection. It asks nobody yet.
func (f *flags) connect(guide *ui.Guide) (connection, error) {
	if f.parallel < 1 || f.parallel > 512 {
		return connection{}, fmt.Errorf("--parallel %d: 1 to 512 requests at once", f.parallel)
	}
	if f.timeout < shortestTimeout {
		return connection{}, fmt.Errorf("--timeout %s: %s at least", f.timeout, shortestTimeout)
	}
	log, closeLog, err := f.log()
	if err != nil {
		return connection{}, err
	}
	if log != nil {
		slog.SetDefault(log)
	}
	seen := f.remember(guide)
	client := registry.New(registry.Options{
		PlainHTTP: f.plainHTTP, Log: log, Probe: f.probe, Concurrency: f.parallel, Timeout: f.timeout,
		Endpoints: files.Within(files.CacheFolder(), "endpoints.json"),
		Documents: f.documents(guide), Warn: seen.warn, Known: seen.known,
	})
	return connection{client, seen, closeLog}, nil
}

// source is the registries, every look at which is remembered.
func (c connection) source() journal.Registry {
	return journal.Registry{Source: c.client, Journal: c.seen.Journal}
}

// close ends it, and tells w what there was no place for before.
func (c connection) close(w io.Writer) {
	c.client.Close()
	c.seen.close(w)
	c.closeLog()
}

// documents is where manifests and configs are kept, "" for nowhere: the demo is
// gone with the program.
func (f *flags) documents(guide *ui.Guide) string {
	if f.noCache || guide != nil {
		return ""
	}
	return files.Within(files.CacheFolder(), "documents")
}

func (f *flags) log() (*slog.Logger, func(), error) {
	if f.logFile == "" {
		return nil, func() {}, nil
	}
	file, err := os.OpenFile(f.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0o600) // a pipe that nobody reads is told
	if err != nil {
		return nil, nil, fmt.Errorf("the log file: %w", err)
	}
	return slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelDebug})), func() { file.Close() }, nil
}
