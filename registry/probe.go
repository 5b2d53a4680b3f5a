package registry

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// olderClients are clients with shorter Accept headers, for which a registry may have
// another response. Each of them accepts a modern type: otherwise old registries
// translate the manifest to schema1, for which they write a blob.
var olderClients = []struct {
	name   string
	accept []string
}{
	{"Docker's formats only", []string{model.MediaTypeDockerManifest, model.MediaTypeDockerList}},
	{"single images only", []string{model.MediaTypeDockerManifest, v1.MediaTypeImageManifest}},
}

// probe finds the responses for clients that accept fewer types, with HEAD. A client
// without a response is left out. Since some registries answer 404 to HEAD for manifests
// that they have, a 404 counts only if GET gets one too.
func (c *Client) probe(ctx context.Context, r model.Ref) []model.Answer {
	answers := make([]model.Answer, len(olderClients))
	var wait sync.WaitGroup
	for i, client := range olderClients {
		wait.Go(func() {
			defer panics.Catch()
			cl := transport.Exchange{Accept: client.accept}
			err := c.headManifest(ctx, r, &cl)
			if model.IsMissing(err) {
				cl = transport.Exchange{Accept: client.accept}
				_ = c.getManifest(ctx, r, &cl) // the response is in cl
			}
			if cl.Err == nil {
				answers[i] = answerOf(client.name, cl.Response)
			}
		})
	}
	wait.Wait()
	return slices.DeleteFunc(answers, func(a model.Answer) bool { return a.Status == 0 })
}

func answerOf(client string, a transport.Response) model.Answer {
	// Any other status is a failure that does not depend on the client.
	refused := a.Status == http.StatusNotFound || a.Status == http.StatusNotAcceptable
	out := model.Answer{Client: client, Status: a.Status, Refused: refused}
	if d, err := digest.Parse(a.Header.Get("Docker-Content-Digest")); err == nil && a.Status == http.StatusOK {
		out.Digest = d
	}
	return out
}
