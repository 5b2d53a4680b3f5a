package registrytest

import "net/http"

// Torn returns a writer for a response whose connection breaks after n bytes of the body, n > 0.
func Torn(w http.ResponseWriter, n int) http.ResponseWriter { return &tornWriter{w, n} }

type tornWriter struct {
	http.ResponseWriter
	left int
}

func (w *tornWriter) Write(p []byte) (int, error) {
	n, _ := w.ResponseWriter.Write(p[:min(w.left, len(p))])
	if w.left -= n; w.left == 0 {
		w.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}
