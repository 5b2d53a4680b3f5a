package packages

import (
	"bytes"
	"io"
)

// lines hands the lines of a content to line as they arrive, without their ends. What line gets is
// valid during the call. Lines that are longer than MaxLine are left out, which is a problem.
type lines struct {
	r    *reading
	line func(line []byte)
	end  func() // unless nil, is called at the end
	done bool   // no more lines are wanted

	rest    []byte // the start of the line that the next part of the content continues
	tooLong bool
}

var _ io.WriteCloser = (*lines)(nil)

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for !l.done {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.keep(p)
			return n, nil
		}
		if len(l.rest) > 0 || l.tooLong {
			l.keep(p[:i])
			l.finish()
		} else {
			l.yield(p[:i])
		}
		p = p[i+1:]
	}
	return n, nil
}

// keep keeps a part of a line.
func (l *lines) keep(p []byte) {
	if len(l.rest)+len(p) > MaxLine {
		l.tooLong = true
	}
	if l.tooLong {
		l.rest = l.rest[:0]
		l.r.problem("has a line of more than 64 KiB")
		return
	}
	l.rest = append(l.rest, p...)
}

// finish ends the line of which a part was kept.
func (l *lines) finish() {
	if !l.tooLong {
		l.yield(l.rest)
	}
	l.rest, l.tooLong = l.rest[:0], false
}

func (l *lines) yield(line []byte) {
	if len(line) > MaxLine {
		l.r.problem("has a line of more than 64 KiB")
		return
	}
	l.line(bytes.TrimSuffix(line, []byte{'\r'}))
}

func (l *lines) Close() error {
	if len(l.rest) > 0 && !l.done {
		l.finish()
	}
	if l.end != nil {
		l.end()
	}
	return nil
}

// field splits a line "Name: value". The value has no space around it.
func field(line []byte) (name, value []byte, ok bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return nil, nil, false
	}
	return line[:i], bytes.TrimSpace(line[i+1:]), true
}
