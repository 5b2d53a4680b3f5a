package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tagdiff/tagdiff/model/files"
)

const MaxManifest = 8 << 20

const MaxConfig = 8 << 20

const MaxList = 16 << 20

const MaxTokenResponse = 1 << 20

const MaxErrorBody = 64 << 10 // of an error's body; the rest is not read

// MaxHeader bounds an answer's header, in bytes: 64 answers may be under way at
// once, and net/http would take 10 MiB of each. Servers send a few hundred, 8 KiB
// is what most of them take themselves.
const MaxHeader = 128 << 10

func readBody(resp *http.Response, limit int64, alive func()) ([]byte, error) {
	if resp.Request.Method == http.MethodHead {
		return nil, nil
	}
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes", files.ErrTooLarge, resp.ContentLength)
	}
	var b bytes.Buffer
	b.Grow(int(max(resp.ContentLength, 0)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(activityReader{resp.Body, alive}, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%w: more than %d bytes", files.ErrTooLarge, limit)
	}
	return b.Bytes(), err
}

// readPrefix reads the start of an error's body; that it is cut does not matter.
func readPrefix(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b, err
}

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
