import type postgres from 'postgres'
import { FIRST_NAMES } from './people'
import { slugify } from './slug'
import { AUTHORS, COMMENTS, PARAGRAPHS, SPAM, TAGS, TITLES } from './stories'

/** 6 authors, 38 tags, 214 posts with comments and tags. */
export async function seedBlog(tx: postgres.TransactionSql): Promise<string> {
  const authors = AUTHORS.map(([name, bio], n) => ({ n, name, bio, email: `${slugify(name)}@cornerbakery.example` }))
  await tx`
    insert into blog.authors (name, email, bio, website, writes_since, created_at, updated_at)
    select name, email, bio, case when n < 2 then 'https://cornerbakery.example/people/' || n end,
      (at + n * interval '90 days')::date, at, at
    from json_to_recordset(${JSON.stringify(authors)}::text::json) as a (n int, name text, bio text, email text)
    cross join lateral (select pg_temp.today() - interval '4 years') as t (at) order by n`

  const tags = TAGS.map((name, n) => ({ n, name, slug: slugify(name) }))
  await tx`
    insert into blog.tags (name, slug, colour)
    select name, slug, pg_temp.pick(array['#8a5a2b', '#1b6b4a', '#b4511e', '#2f5d8c', '#7a3b69'], pg_temp.noise('tag', n))
    from json_to_recordset(${JSON.stringify(tags)}::text::json) as t (n int, name text, slug text) order by n`

  const posts = TITLES.map((title) => ({ title, slug: slugify(title) }))
  await tx`
    insert into blog.posts (title, slug, author_id, status, excerpt, body, featured, views, published_at, created_at,
      updated_at)
    select title, slug, 1 + floor(${AUTHORS.length} * pg_temp.noise('author', n)), status::blog.post_status,
      split_part(paragraphs[1], '.', 1) || '.',
      '<p>' || array_to_string(paragraphs[1:2], '</p><p>') || '</p><h2>What we learned</h2><p>' ||
        array_to_string(paragraphs[3:], '</p><p>') || '</p>',
      n in (206, 196, 181), case when status in ('draft', 'scheduled') then 0 else floor(9000 * pg_temp.noise('views', n) ^ 3) end,
      case when status <> 'draft' then at end, least(at, pg_temp.today()) - interval '3 days',
      pg_temp.clock(least(at + interval '2 days' * pg_temp.noise('edited', n), pg_temp.moment()))
    from (
      select title, slug, row_number() over (order by pg_temp.noise('post order' || slug, 0)) as n
      from json_to_recordset(${JSON.stringify(posts)}::text::json) as p (title text, slug text)
    ) as shuffled
    cross join lateral (select case when n > 208 then 'scheduled' when n % 17 = 5 then 'draft' when n < 5 then 'archived'
      else 'published' end) as s (status)
    cross join lateral (select pg_temp.today() + (n - 208) * interval '6 days' + interval '8 hours' -
      case when n <= 208 then interval '1 day' else interval '0' end) as t (at)
    cross join lateral (select array(select part from unnest(${PARAGRAPHS}::text[]) as part
      order by pg_temp.noise(part, n) limit 8 + floor(8 * pg_temp.noise('length', n)))) as b (paragraphs)
    order by n`

  await tx`
    insert into blog.posts_tags (post_id, tag_id)
    select distinct p.id, 1 + floor(${TAGS.length} * pg_temp.noise('tag' || k, p.id))::int
    from blog.posts p cross join lateral generate_series(1, 1 + floor(4 * pg_temp.noise('tags', p.id))::int) as k`

  await tx`
    insert into blog.comments (post_id, author_name, author_email, body, status, ip, created_at)
    select p.id, name, case when pg_temp.noise('email', seed) < 0.6 then lower(name) || seed || '@mail.example' end,
      case when spam then pg_temp.pick(${SPAM}::text[], pg_temp.noise('spam', seed))
        else pg_temp.pick(${COMMENTS}::text[], pg_temp.noise('comment', seed)) end,
      (case when spam then 'spam' when at > pg_temp.moment() - interval '30 days' and pg_temp.noise('seen', seed) < 0.6
        then 'pending' else 'approved' end)::blog.comment_status,
      ('203.0.113.' || floor(254 * pg_temp.noise('ip', seed)))::inet, at
    from blog.posts p
    cross join lateral generate_series(1, floor(12 * pg_temp.noise('comments', p.id))::int) as k
    cross join lateral (select p.id * 100 + k) as s (seed)
    cross join lateral (select pg_temp.noise('is spam', seed) < 0.06, pg_temp.pick(${FIRST_NAMES}::text[],
      pg_temp.noise('commenter', seed)), pg_temp.clock(p.published_at + interval '30 days' * pg_temp.noise('after', seed) ^ 2)) as c (spam, name, at)
    where p.status in ('published', 'archived') and at <= pg_temp.moment()
    order by at`
  const { count } = await tx`
    update blog.comments c set reply_to = earlier.id
    from (select id, lag(id) over (partition by post_id order by id) as previous from blog.comments) as pair
    join blog.comments earlier on earlier.id = pair.previous
    where pair.id = c.id and pg_temp.noise('is reply', c.id) < 0.25`
  return `${TITLES.length} posts, ${TAGS.length} tags, ${count} replies among the comments`
}
