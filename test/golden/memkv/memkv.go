// Package memkv is a small store with the lookups of confd's, named alike because its types show in messages.
package memkv

import (
	"errors"
	"path"
	"sort"
	"strings"
)

type KVPair struct {
	Key   string
	Value string
}

type KVPairs []KVPair

func (p KVPairs) Len() int           { return len(p) }
func (p KVPairs) Less(i, j int) bool { return p[i].Key < p[j].Key }
func (p KVPairs) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

// Store holds values by key.
type Store map[string]string

func (s Store) Funcs() map[string]any {
	return map[string]any{
		"exists": s.exists, "get": s.get, "getv": s.getv, "gets": s.gets, "getvs": s.getvs, "ls": s.ls, "lsdir": s.lsdir,
	}
}

func (s Store) exists(key string) bool {
	_, found := s[key]
	return found
}

func (s Store) get(key string) (KVPair, error) {
	if !s.exists(key) {
		return KVPair{}, errors.New("key does not exist: " + key)
	}
	return KVPair{key, s[key]}, nil
}

func (s Store) getv(key string, other ...string) (string, error) {
	pair, err := s.get(key)
	if err != nil && len(other) > 0 {
		return other[0], nil
	}
	return pair.Value, err
}

func (s Store) gets(pattern string) (KVPairs, error) {
	found := KVPairs{}
	for key, value := range s {
		matches, err := path.Match(pattern, key)
		if err != nil {
			return nil, err
		}
		if matches {
			found = append(found, KVPair{key, value})
		}
	}
	sort.Sort(found)
	return found, nil
}

func (s Store) getvs(pattern string) ([]string, error) {
	pairs, err := s.gets(pattern)
	values := []string{}
	for _, pair := range pairs {
		values = append(values, pair.Value)
	}
	sort.Strings(values)
	return values, err
}

func parts(name string) []string { return strings.Split(path.Clean(name), "/") }

// below says whether the folder of key is that of name or under it, and how that goes on.
func below(key, name string) (rest []string, yes bool) {
	folder, of := parts(path.Dir(key)), parts(name)
	if len(folder) < len(of) {
		return nil, false
	}
	for i := range of {
		if folder[i] != of[i] {
			return nil, false
		}
	}
	return folder[len(of):], true
}

func (s Store) ls(name string) []string {
	names := map[string]bool{}
	for key := range s {
		if key == name {
			names[path.Base(key)] = true
		} else if _, yes := below(key, name); yes {
			rest := strings.TrimPrefix(strings.TrimPrefix(key, name), "/")
			names[strings.Split(rest, "/")[0]] = true
		}
	}
	return sorted(names)
}

func (s Store) lsdir(name string) []string {
	names := map[string]bool{}
	for key := range s {
		if rest, yes := below(key, name); yes && len(rest) > 0 && strings.HasPrefix(key, name) {
			names[rest[0]] = true
		}
	}
	return sorted(names)
}

func sorted(names map[string]bool) []string {
	list := []string{}
	for name := range names {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}
