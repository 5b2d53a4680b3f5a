package transport

import (
	"context"
	"net/url"
)

// Exchange is one question to a registry on its way through regclient to the seam
// and back. The seam sees the true answer; regclient gets a simplified one.
type Exchange struct {
	Query    url.Values // replaces the query that regclient would send, unless nil
	Accept   []string   // replaces the media types that regclient asks for, unless nil
	Limit    int64      // bytes of body, if less than such a request may have; 0 for those
	Bulk     bool       // one of thousands: others go first
	Response Response
	Err      error
}

type exchangeKey struct{}

// WithExchange attaches a call to the context of a request.
func WithExchange(ctx context.Context, c *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, c)
}

func exchangeOf(ctx context.Context) *Exchange {
	c, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return c
}
