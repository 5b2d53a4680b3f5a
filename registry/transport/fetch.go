package transport

import (
	"context"
	"net/http"
	"time"
)

// fetch sends one request when the limiter admits it, and reads the body to its
// end, so that the connection can be used again. It ends with ctx, when a timeout
// expires, and when the body is larger than limit. The timeouts do not include
// the wait for the limiter. The body of a stream stays open, see openBody.
func (tr *Transport) fetch(ctx context.Context, req *http.Request, limit int64, keys map[string]key) (Response, error) {
	t, err := tr.admit(ctx)
	if err != nil {
		return Response{}, err
	}
	a, err := tr.do(context.WithValue(ctx, keysKey{}, keys), req, limit, keys[req.URL.Host])
	if a.open != nil {
		a.open.release = func() { tr.limiter.release(t, a, nil) }
	} else {
		tr.limiter.release(t, a, err)
	}
	if q, ok := parseQuota(a.Header); ok && req.URL.Host == tr.host && a.RedirectedTo == "" {
		q.Host = tr.registry
		tr.roundTripper.meter.setQuota(q)
	}
	return a, err
}

// admit waits until the limiter admits the request of ctx.
func (tr *Transport) admit(ctx context.Context) (*ticket, error) {
	if isStream(ctx) {
		return tr.limiter.acquireStream(ctx)
	}
	cl := exchangeOf(ctx)
	return tr.limiter.acquire(ctx, cl != nil && cl.Bulk)
}

// do is fetch without the limiter.
func (tr *Transport) do(parent context.Context, req *http.Request, limit int64, k key) (Response, error) {
	w := tr.watch(parent)
	resp, err := tr.client.Do(req.WithContext(w.ctx))
	if err != nil {
		defer w.stop()
		return Response{}, atHost(failedHost(req, err), req, w.cause(explainHTTPError(redactURLs(err), req)))
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
	if resp.StatusCode == http.StatusPartialContent && req.Header.Get("Range") != "" {
		a.Status, a.Partial = http.StatusOK, true
	}
	if a.Status == http.StatusOK && isStream(parent) {
		a.open = newOpenBody(resp, w, tr.timeouts)
		return a, nil
	}
	defer w.stop()
	defer resp.Body.Close()
	if resp.StatusCode < http.StatusContinue {
		return Response{}, atHost(resp.Request.URL.Host, req, errNoStatus)
	}
	err = a.read(resp, req, limit, w)
	if err == nil && resp.ContentLength < 0 {
		// The end of the connection is the end of such a body, also where a timeout has closed it.
		err = w.ctx.Err()
	}
	if err != nil {
		return a, atHost(resp.Request.URL.Host, req, w.cause(err))
	}
	return a, nil
}

// read reads the body of a response.
func (r *Response) read(resp *http.Response, req *http.Request, limit int64, w *watchdog) (err error) {
	switch {
	case r.Status == http.StatusSwitchingProtocols:
		return nil // net/http no longer controls the connection: reading it would have no timeout
	case r.Status != http.StatusOK:
		r.Body, err = readPrefix(resp.Body, MaxErrorBody)
		r.Body = redactCredentials(redactCredentials(r.Body, req), resp.Request)
		if err != nil && w.parent.Err() == nil && !IsTransient(r.Status) {
			err = nil // the status is enough without the whole body
		}
	case r.Encoding() == "gzip" && !r.Partial: // which was not requested
		if r.Body, err = readBody(resp, limit+gzipOverhead, w.alive); err == nil {
			err = r.uncompress(req.URL.Path, limit)
		}
	default:
		r.Body, err = readBody(resp, limit, w.alive)
	}
	return err
}

// watchdog ends a request when a timeout expires.
type watchdog struct {
	parent, ctx    context.Context
	cancel         context.CancelCauseFunc
	silence, total *time.Timer
	maxSilence     time.Duration
}

// watch starts the timeouts of a request.
func (tr *Transport) watch(parent context.Context) *watchdog {
	ctx, cancel := context.WithCancelCause(parent)
	return &watchdog{
		parent: parent, ctx: ctx, cancel: cancel, maxSilence: tr.timeouts.Silence,
		silence: time.AfterFunc(tr.timeouts.Silence, func() { cancel(ErrSilent) }),
		total:   time.AfterFunc(tr.timeouts.Total, func() { cancel(ErrSlow) }),
	}
}

// alive starts the time of silence again.
func (w *watchdog) alive() { w.silence.Reset(w.maxSilence) }

func (w *watchdog) stop() {
	w.silence.Stop()
	w.total.Stop()
	w.cancel(nil)
}

// cause is why the request has ended, if it was cancelled, else err.
func (w *watchdog) cause(err error) error { return cancelCause(w.parent, w.ctx, err) }
