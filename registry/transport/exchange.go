package transport

import (
	"context"
	"net/url"
)

// Exchange is one request to a registry and its response. It travels in the
// context through regclient to the Transport, which fills Response or Err.
// regclient itself gets a simplified response.
type Exchange struct {
	Query  url.Values // replaces the query of regclient, unless nil
	Accept []string   // replaces the media types of regclient, unless nil
	Limit  int64      // bytes of the body, instead of the limit for its path; 0 keeps that
	Bulk   bool       // one of thousands: other requests go first

	Response Response
	Err      error
}

type exchangeKey struct{}

// WithExchange attaches an exchange to the context of a request.
func WithExchange(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// exchangeOf is the exchange in a context, nil for none.
func exchangeOf(ctx context.Context) *Exchange {
	e, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return e
}
