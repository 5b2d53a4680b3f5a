package registry

import (
	"encoding"
	"errors"

	"github.com/tagdiff/tagdiff/model/inside"
)

func decodeList(l *inside.Layer, b []byte) error {
	if d, ok := any(l).(encoding.BinaryUnmarshaler); ok {
		return d.UnmarshalBinary(b)
	}
	return errors.ErrUnsupported
}

func encodeList(l *inside.Layer) func() ([]byte, error) {
	return func() ([]byte, error) {
		if d, ok := any(l).(encoding.BinaryMarshaler); ok {
			return d.MarshalBinary()
		}
		return nil, errors.ErrUnsupported
	}
}
