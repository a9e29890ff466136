import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  date,
  index,
  inet,
  integer,
  pgSchema,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { pgType } from '../../lib/db/column-types'
import { timestamps } from './timestamps'

export const blog = pgSchema('blog')

export const postStatus = blog.enum('post_status', ['draft', 'scheduled', 'published', 'archived'])

export const commentStatus = blog.enum('comment_status', ['pending', 'approved', 'spam'])

export const authors = blog.table('authors', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  bio: text('bio'),
  website: text('website'),
  writesSince: date('writes_since').notNull(),
  ...timestamps(),
})

export const posts = blog.table(
  'posts',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    title: text('title').notNull(),
    slug: text('slug').notNull().unique(),
    authorId: integer('author_id')
      .notNull()
      .references(() => authors.id, { onDelete: 'restrict' }),
    status: postStatus('status').notNull().default('draft'),
    excerpt: text('excerpt'),
    body: text('body').notNull().default(''),
    featured: boolean('featured').notNull().default(false),
    views: integer('views').notNull().default(0),
    publishedAt: timestamp('published_at', { withTimezone: true }),
    readingMinutes: integer('reading_minutes').notNull().generatedAlwaysAs(sql`greatest(1, length(body) / 900)`),
    searchText: pgType('search_text', { type: 'tsvector' }).generatedAlwaysAs(
      sql`to_tsvector('english'::regconfig, title || ' ' || coalesce(excerpt, ''))`,
    ),
    ...timestamps(),
  },
  (post) => [
    index().on(post.authorId),
    index().on(post.publishedAt, post.id),
    index().on(post.status, post.publishedAt),
    index().using('gin', post.searchText),
    check('posts_views_not_negative', sql`${post.views} >= 0`),
    check('posts_published_has_date', sql`${post.status} <> 'published' or ${post.publishedAt} is not null`),
  ],
)

export const comments = blog.table(
  'comments',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    postId: bigint('post_id', { mode: 'number' })
      .notNull()
      .references(() => posts.id, { onDelete: 'cascade' }),
    replyTo: bigint('reply_to', { mode: 'number' }).references((): AnyPgColumn => comments.id, {
      onDelete: 'set null',
    }),
    authorName: text('author_name').notNull(),
    authorEmail: text('author_email'),
    body: text('body').notNull(),
    status: commentStatus('status').notNull().default('pending'),
    ip: inet('ip'),
    createdAt: timestamps().createdAt,
  },
  (comment) => [
    index().on(comment.postId),
    index().on(comment.replyTo),
    index().on(comment.status, comment.createdAt),
    index().on(comment.createdAt, comment.id),
  ],
)

export const tags = blog.table('tags', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').notNull().unique(),
  slug: text('slug').notNull().unique(),
  colour: text('colour'),
})

export const postsTags = blog.table(
  'posts_tags',
  {
    postId: bigint('post_id', { mode: 'number' })
      .notNull()
      .references(() => posts.id, { onDelete: 'cascade' }),
    tagId: integer('tag_id')
      .notNull()
      .references(() => tags.id, { onDelete: 'cascade' }),
  },
  (link) => [primaryKey({ columns: [link.postId, link.tagId] }), index().on(link.tagId)],
)
