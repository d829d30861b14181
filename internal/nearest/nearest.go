// Package nearest finds the name that a misspelt one was probably meant to be.
package nearest

import "strings"

// maxKey bounds the length of names that are compared.
const maxKey = 64

// Name returns the candidate that a misspelt name was probably meant to be, empty if
// more than a third of the letters differ in all of them.
func Name(name string, candidates []string) string {
	best, bestDistance := "", len(name)/3+1
	if len(name) > maxKey {
		return ""
	}
	for _, candidate := range candidates {
		if len(candidate) > maxKey {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(candidate))
		if d < bestDistance || d == bestDistance && (best == "" || candidate < best) {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// Slip returns the candidate that a name differs from in case or by a letter, empty if
// there is none.
func Slip(name string, candidates []string) string {
	near := Name(name, candidates)
	if near == "" || distance(strings.ToLower(name), strings.ToLower(near)) > 1 {
		return ""
	}
	return near
}

// distance returns the optimal string alignment distance: the number of insertions,
// deletions, substitutions and swaps of neighbours.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
