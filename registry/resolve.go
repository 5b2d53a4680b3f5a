package registry

import (
	"context"
	"sync"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// batchPause is how long answers are collected before they are handed over, so
// that a screen is not drawn anew for each of thousands.
const batchPause = 40 * time.Millisecond

// Resolve asks where tags of a repository point, by one HEAD each, as many at
// once as the host allows, in the order given. found (called from the calling
// goroutine) gets the answers in batches.
func (c *Client) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	if err := valid(repo.Repo()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, queue := make(chan model.Tagged), make(chan string)
	var workers sync.WaitGroup
	for range min(c.opts.Concurrency, len(tags)) {
		workers.Go(func() {
			for tag := range queue {
				t := model.Tagged{Tag: tag}
				t.Digest, t.Err = c.Head(ctx, repo.WithTag(tag))
				select {
				case out <- t:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		defer close(out)
		defer workers.Wait()
		defer close(queue)
		for _, tag := range tags {
			select {
			case queue <- tag:
			case <-ctx.Done():
				return
			}
		}
	}()
	return collect(ctx, out, found)
}

// collect hands over what has come, at most once per batchPause.
func collect(ctx context.Context, out <-chan model.Tagged, found func([]model.Tagged)) error {
	var batch []model.Tagged
	hand := func() {
		if len(batch) > 0 {
			found(batch)
			batch = nil
		}
	}
	ticks := time.NewTicker(batchPause)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return ended(ctx.Err())
		case <-ticks.C:
			hand()
		case t, ok := <-out:
			if !ok {
				hand()
				return ctxEnded(ctx)
			}
			batch = append(batch, t)
		}
	}
}

// Children are what the index at a digest lists, nil for what is no index.
func (c *Client) Children(ctx context.Context, r model.Ref) ([]v1.Descriptor, error) {
	m, err := c.manifest(ctx, r)
	if err != nil || m.Kind != model.KindIndex {
		return nil, err
	}
	return m.Children, nil
}
