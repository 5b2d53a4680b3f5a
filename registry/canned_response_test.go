package registry

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// cannedResponse is a network that gives one answer to all.
type cannedResponse struct {
	status int
	header http.Header
	body   []byte
	asked  int
}

func (m *cannedResponse) RoundTrip(r *http.Request) (*http.Response, error) {
	m.asked++
	return &http.Response{
		StatusCode: m.status, Header: m.header, Body: io.NopCloser(bytes.NewReader(m.body)), ContentLength: int64(len(m.body)), Request: r,
	}, nil
}

// cannedClient is a client of a registry that gives one answer to all.
func cannedClient(t testing.TB, m *cannedResponse) (*Client, model.Ref) {
	t.Helper()
	c := newClient(t, Options{})
	c.transport.Retry.ThrottledAttempts, c.transport.Retry.Attempts = 1, 1
	c.transport.Wrap = func(http.RoundTripper) http.RoundTripper { return m }
	return c, model.Ref{Registry: "reg.example", Repository: "app", Tag: "a"}
}
