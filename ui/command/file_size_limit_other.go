//go:build !unix

package command

func ignoreFileSizeSignal() {}
