package registry

import (
	"context"
	"net/http"
	"sync"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// olderClients are those that a registry may answer otherwise than us. None of
// them leaves all modern types out: that makes old registries translate to
// schema1, for which they write a blob.
var olderClients = []struct {
	name   string
	accept []string
}{
	{"Docker's formats only", []string{model.MediaTypeDockerManifest, model.MediaTypeDockerList}},
	{"single images only", []string{model.MediaTypeDockerManifest, v1.MediaTypeImageManifest}},
}

// probe asks with HEAD how clients that accept less are answered for a tag. A
// client that gets no answer at all in time is left out.
func (c *Client) probe(ctx context.Context, r model.Ref) []model.Answer {
	answers := make([]model.Answer, len(olderClients))
	var wait sync.WaitGroup
	for i, client := range olderClients {
		wait.Go(func() {
			defer panics.Catch()
			cl := transport.Exchange{Accept: client.accept}
			h := c.host(r.Registry)
			_ = h.do(ctx, r, &cl, func(ctx context.Context) error { // what was answered is in cl
				_, err := h.rc.ManifestHead(ctx, regRef(r))
				return err
			})
			if cl.Err == nil {
				answers[i] = answerOf(client.name, cl.Response)
			}
		})
	}
	wait.Wait()
	var got []model.Answer
	for _, a := range answers {
		if a.Status != 0 {
			got = append(got, a)
		}
	}
	return got
}

func answerOf(client string, a transport.Response) model.Answer {
	// Anything else than these is trouble, which says nothing of the client.
	refused := a.Status == http.StatusNotFound || a.Status == http.StatusNotAcceptable
	out := model.Answer{Client: client, Status: a.Status, Refused: refused}
	if d, err := digest.Parse(a.Header.Get("Docker-Content-Digest")); err == nil && a.Status == http.StatusOK {
		out.Digest = d
	}
	return out
}
