import { relations } from 'drizzle-orm'
import { authors, comments, posts, postsTags, tags } from './tables/blog'
import { cartLines, carts } from './tables/carts'
import { allergens, categories, products, productsAllergens, suppliers } from './tables/catalogue'
import { allergenDeclarations } from './tables/declarations'
import { addresses, coupons, customers, orderLines, orders } from './tables/shop'
import { employees, equipment, roles, shifts } from './tables/staff'

/* For Drizzle's relational queries (`db.query.orders.findMany({ with: { lines: true } })`). */

export const authorsRelations = relations(authors, ({ many }) => ({ posts: many(posts) }))

export const postsRelations = relations(posts, ({ one, many }) => ({
  author: one(authors, { fields: [posts.authorId], references: [authors.id] }),
  comments: many(comments),
  tags: many(postsTags),
}))

export const commentsRelations = relations(comments, ({ one }) => ({
  post: one(posts, { fields: [comments.postId], references: [posts.id] }),
}))

export const postsTagsRelations = relations(postsTags, ({ one }) => ({
  post: one(posts, { fields: [postsTags.postId], references: [posts.id] }),
  tag: one(tags, { fields: [postsTags.tagId], references: [tags.id] }),
}))

export const tagsRelations = relations(tags, ({ many }) => ({ posts: many(postsTags) }))

export const categoriesRelations = relations(categories, ({ one, many }) => ({
  parent: one(categories, { fields: [categories.parentId], references: [categories.id], relationName: 'tree' }),
  children: many(categories, { relationName: 'tree' }),
  products: many(products),
}))

export const productsRelations = relations(products, ({ one, many }) => ({
  category: one(categories, { fields: [products.categoryId], references: [categories.id] }),
  supplier: one(suppliers, { fields: [products.supplierId], references: [suppliers.id] }),
  allergens: many(productsAllergens),
}))

export const suppliersRelations = relations(suppliers, ({ many }) => ({ products: many(products) }))

export const allergensRelations = relations(allergens, ({ many }) => ({ products: many(productsAllergens) }))

export const productsAllergensRelations = relations(productsAllergens, ({ one }) => ({
  product: one(products, { fields: [productsAllergens.productId], references: [products.id] }),
  allergen: one(allergens, { fields: [productsAllergens.allergenCode], references: [allergens.code] }),
}))

export const customersRelations = relations(customers, ({ many }) => ({
  addresses: many(addresses),
  orders: many(orders),
}))

export const addressesRelations = relations(addresses, ({ one, many }) => ({
  customer: one(customers, { fields: [addresses.customerId], references: [customers.id] }),
  orders: many(orders),
}))

export const couponsRelations = relations(coupons, ({ many }) => ({ orders: many(orders) }))

export const ordersRelations = relations(orders, ({ one, many }) => ({
  customer: one(customers, { fields: [orders.customerId], references: [customers.id] }),
  address: one(addresses, {
    fields: [orders.customerId, orders.deliverTo],
    references: [addresses.customerId, addresses.label],
  }),
  coupon: one(coupons, { fields: [orders.couponCode], references: [coupons.code] }),
  lines: many(orderLines),
}))

export const orderLinesRelations = relations(orderLines, ({ one }) => ({
  order: one(orders, { fields: [orderLines.orderId], references: [orders.id] }),
  product: one(products, { fields: [orderLines.productId], references: [products.id] }),
}))

export const cartsRelations = relations(carts, ({ one, many }) => ({
  customer: one(customers, { fields: [carts.customerId], references: [customers.id] }),
  lines: many(cartLines),
}))

export const cartLinesRelations = relations(cartLines, ({ one }) => ({
  cart: one(carts, { fields: [cartLines.cartId], references: [carts.id] }),
  product: one(products, { fields: [cartLines.productId], references: [products.id] }),
}))

export const allergenDeclarationsRelations = relations(allergenDeclarations, ({ one }) => ({
  product: one(products, { fields: [allergenDeclarations.productId], references: [products.id] }),
}))

export const rolesRelations = relations(roles, ({ many }) => ({ employees: many(employees) }))

export const employeesRelations = relations(employees, ({ one, many }) => ({
  role: one(roles, { fields: [employees.roleId], references: [roles.id] }),
  manager: one(employees, { fields: [employees.managerId], references: [employees.id], relationName: 'line' }),
  reports: many(employees, { relationName: 'line' }),
  shifts: many(shifts),
  equipment: many(equipment),
}))

export const shiftsRelations = relations(shifts, ({ one }) => ({
  employee: one(employees, { fields: [shifts.employeeId], references: [employees.id] }),
}))

export const equipmentRelations = relations(equipment, ({ one }) => ({
  keeper: one(employees, { fields: [equipment.keeperId], references: [employees.id] }),
}))
