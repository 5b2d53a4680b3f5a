package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tagdiff/tagdiff/model/files"
)

// Limits of response bodies, in bytes. Registries accept manifests of up to 4 MiB
// (distribution's maxManifestBodySize); the largest known config is below 1 MiB;
// 16 MiB hold a million tags.
const (
	MaxManifest      = 8 << 20
	MaxConfig        = 8 << 20
	MaxList          = 16 << 20 // one page of a list
	MaxTokenResponse = 1 << 20
	MaxErrorBody     = 64 << 10 // the rest is not read
)

// MaxHeader limits the header of a response, in bytes: 64 responses may arrive at
// once, and net/http would accept 10 MiB of each. Servers send a few hundred, and
// most of them accept 8 KiB.
const MaxHeader = 128 << 10

// readBody reads a body of at most limit bytes. It calls active for each part.
func readBody(resp *http.Response, limit int64, active func()) ([]byte, error) {
	if resp.Request.Method == http.MethodHead {
		return nil, nil
	}
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes", files.ErrTooLarge, resp.ContentLength)
	}
	b, err := files.ReadLimit(activityReader{resp.Body, active}, limit)
	if errors.Is(err, files.ErrTooLarge) {
		err = fmt.Errorf("%w: more than %d bytes", err, limit)
	}
	return b, err
}

// readPrefix reads the first limit bytes of an error's body. The body may end early.
func readPrefix(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b, err
}

// activityReader calls active for each read that returns bytes.
type activityReader struct {
	io.Reader
	active func()
}

func (w activityReader) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.active()
	}
	return n, err
}
