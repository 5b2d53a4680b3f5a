package transport

import (
	"context"
	"net/http"
	"time"
)

// fetch sends one request when the limiter admits it, and reads the body to its
// end, so that the connection can be used again. It ends with ctx, when a timeout
// expires, and when the body is larger than limit. The timeouts do not include
// the wait for the limiter.
func (tr *Transport) fetch(ctx context.Context, req *http.Request, limit int64, keys map[string]key) (Response, error) {
	cl := exchangeOf(ctx)
	t, err := tr.limiter.acquire(ctx, cl != nil && cl.Bulk)
	if err != nil {
		return Response{}, err
	}
	a, err := tr.do(context.WithValue(ctx, keysKey{}, keys), req, limit, keys[req.URL.Host])
	tr.limiter.release(t, a, err)
	if q, ok := parseQuota(a.Header); ok && req.URL.Host == tr.host && a.RedirectedTo == "" {
		q.Host = tr.registry
		tr.roundTripper.meter.setQuota(q)
	}
	return a, err
}

// do is fetch without the limiter.
func (tr *Transport) do(parent context.Context, req *http.Request, limit int64, k key) (Response, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	silence := time.AfterFunc(tr.timeouts.Silence, func() { cancel(ErrSilent) })
	defer silence.Stop()
	alive := func() { silence.Reset(tr.timeouts.Silence) }
	defer time.AfterFunc(tr.timeouts.Total, func() { cancel(ErrSlow) }).Stop()

	resp, err := tr.client.Do(req.WithContext(ctx))
	if err != nil {
		return Response{}, atHost(failedHost(req, err), req, cancelCause(parent, ctx, explainHTTPError(redactURLs(err), req)))
	}
	defer resp.Body.Close()
	if resp.StatusCode < http.StatusContinue {
		return Response{}, atHost(resp.Request.URL.Host, req, errNoStatus)
	}
	a := Response{
		Status: resp.StatusCode, Header: resp.Header, Login: k.login.String(), Issued: k.issued,
		scheme: req.URL.Scheme, url: resp.Request.URL, proxy: plainProxy(resp.Request),
	}
	if a.url.Host == req.URL.Host {
		a.scheme = a.url.Scheme // the registry may redirect from http to https
	} else {
		a.RedirectedTo = a.url.Host
	}
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		return a, nil // net/http no longer controls the connection: reading it would have no timeout
	case resp.StatusCode == http.StatusPartialContent && req.Header.Get("Range") != "":
		a.Status, a.Partial = http.StatusOK, true
		a.Body, err = readBody(resp, limit, alive)
	case resp.StatusCode != http.StatusOK:
		a.Body, err = readPrefix(resp.Body, MaxErrorBody)
		a.Body = redactCredentials(redactCredentials(a.Body, req), resp.Request)
		if err != nil && parent.Err() == nil && !IsTransient(a.Status) {
			err = nil // the status is enough without the whole body
		}
	case a.Encoding() == "gzip": // which was not requested
		if a.Body, err = readBody(resp, limit+gzipOverhead, alive); err == nil {
			err = a.uncompress(req.URL.Path, limit)
		}
	default:
		a.Body, err = readBody(resp, limit, alive)
	}
	if err != nil {
		return a, atHost(resp.Request.URL.Host, req, cancelCause(parent, ctx, err))
	}
	return a, nil
}
