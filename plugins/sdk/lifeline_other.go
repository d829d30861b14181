//go:build !unix

package sdk

func prepareLifeline(int) {}
